/** As far as the benchmark uses it; the package has no types. */
declare module 'sip' {
  const sip: { parse(text: string): { method?: string } | undefined };
  export default sip;
}
