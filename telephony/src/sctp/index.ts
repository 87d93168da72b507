/** SCTP inside DTLS with data channels, without sockets or clock (RFC 8831, RFC 9260): start at association.ts. */
export { Association, type AssociationPorts } from './association.js';
