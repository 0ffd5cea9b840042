/** Follows a total that is counted elsewhere. */
export function createRisingCounter(inc: (by: number) => void): (total: number) => void {
  let counted = 0;
  return (total) => {
    if (total <= counted) return;
    inc(total - counted);
    counted = total;
  };
}
