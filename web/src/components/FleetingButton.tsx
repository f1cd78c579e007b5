import { useLayoutEffect, useRef, type ButtonHTMLAttributes } from "react";

/**
 * A button that is gone once it has done its work. The focus then goes to the heading of the part that it stood in:
 * left to the browser, the next Tab would begin at the top of the page.
 */
export function FleetingButton(props: ButtonHTMLAttributes<HTMLButtonElement>) {
  const button = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    const element = button.current;
    const heading = element?.closest("section, main")?.querySelector<HTMLElement>("h1, h2");
    return () => {
      // It is still on the page here.
      if (element === document.activeElement) heading?.focus({ preventScroll: true });
    };
  }, []);
  return <button ref={button} type="button" {...props} />;
}
