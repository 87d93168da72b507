/** The list with one more, and no longer than that: a spread leaves room for sixteen others, for as long as the list lives. */
export function plus<One>(list: readonly One[], one: One): One[] {
  const longer = Array<One>(list.length + 1);
  for (let i = 0; i < list.length; i++) longer[i] = list[i]!;
  longer[list.length] = one;
  return longer;
}
