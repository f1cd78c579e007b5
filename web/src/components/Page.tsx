import { useEffect, useRef, type ReactNode } from "react";
import { Icon, type IconName } from "./Icon";

interface PageProps {
  readonly title: string;
  /** BCP 47, of a title that is the interview's own. */
  readonly language?: string;
  readonly eyebrow?: string;
  readonly icon?: IconName;
  readonly tone?: "calm" | "warning";
  readonly wide?: boolean;
  readonly testId?: string;
  readonly children?: ReactNode;
}

/** A page of one thought: its heading takes the focus, so that a screen reader begins to read there. */
export function Page({ title, language, eyebrow, icon, tone = "calm", wide = false, testId, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
    document.title = title;
  }, [title]);
  return (
    <section className={wide ? "sheet sheet--wide" : "sheet"} data-testid={testId}>
      {icon && (
        <span className={`badge badge--${tone}`}>
          <Icon name={icon} />
        </span>
      )}
      {eyebrow && <p className="eyebrow">{eyebrow}</p>}
      <h1 ref={heading} tabIndex={-1} className="title" lang={language}>
        {title}
      </h1>
      {children}
    </section>
  );
}
