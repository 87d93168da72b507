/** Addresses as sockets write them and as we do. */

/** An IPv4 caller on a dual-stack socket (`::ffff:192.0.2.1`) is written as what it is. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** The form that a socket of this family can send to. */
export function socketAddress(address: string, family: 4 | 6): string {
  return family === 6 && !address.includes(':') ? `::ffff:${address}` : address;
}
