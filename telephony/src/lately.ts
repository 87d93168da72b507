const latelyMax = { entries: 500, length: 200 } as const;

/**
 * The same reading of a text, but remembered for a while. Each message brings its addresses several times over, and each call those
 * of the calls before it: the dialled number, the far end's Contact, its place in a Via. Strangers may make it forget, but not grow.
 *
 * @param read of the text alone; what it returns is handed out again and again
 */
export function lately<Value>(read: (text: string) => Value): (text: string) => Value {
  const known = new Map<string, Value>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const value = read(text);
    if (text.length > latelyMax.length) return value;
    if (known.size >= latelyMax.entries) known.clear();
    known.set(text, value);
    return value;
  };
}
