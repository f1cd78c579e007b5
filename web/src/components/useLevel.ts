import { useEffect, useRef, type RefObject } from "react";

/**
 * Writes a loudness (0 to 1) to the element's `--level`, once a frame and without rendering. Stands still where the
 * candidate's system asks for less motion.
 */
export function useLevel<E extends HTMLElement>(read: () => number, active: boolean): RefObject<E | null> {
  const element = useRef<E>(null);
  const reader = useRef(read);
  useEffect(() => {
    reader.current = read;
  }, [read]);
  useEffect(() => {
    if (!active || window.matchMedia("(prefers-reduced-motion: reduce)").matches) return undefined;
    let level = 0;
    let frame = requestAnimationFrame(draw);
    const target = element.current;
    function draw(): void {
      const now = reader.current();
      // Rises at once and falls slowly, as an eye expects of a voice.
      level = now > level ? level + (now - level) * 0.5 : level + (now - level) * 0.12;
      target?.style.setProperty("--level", level.toFixed(3));
      frame = requestAnimationFrame(draw);
    }
    return () => {
      cancelAnimationFrame(frame);
      target?.style.removeProperty("--level");
    };
  }, [active]);
  return element;
}
