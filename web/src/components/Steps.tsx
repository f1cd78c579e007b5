import { useText } from "../text/useText";

const STEPS = ["about", "check", "interview"] as const;
export type Step = (typeof STEPS)[number];

/** Where the candidate is on the way in. */
export function Steps({ current }: { current: Step }) {
  const t = useText();
  const at = STEPS.indexOf(current);
  return (
    <ol className="steps" aria-label={t.steps.label}>
      {STEPS.map((step, index) => (
        <li
          key={step}
          className={index < at ? "step step--done" : "step"}
          aria-current={index === at ? "step" : undefined}
        >
          <span className="step__mark" aria-hidden="true" />
          {t.steps[step]}
        </li>
      ))}
    </ol>
  );
}
