import { useEffect, useState } from 'react';

/** The value once it has stood still for `ms`: for searching while somebody types. */
export function useDebounced<Value>(value: Value, ms = 250): Value {
  const [still, setStill] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setStill(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return still;
}
