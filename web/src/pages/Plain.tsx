/** The pages of one message: waiting, gone, over. */
import type { Refusal } from "../api/problem";
import type { JoinInterview } from "../api/types";
import type { IconName } from "../components/Icon";
import { Page } from "../components/Page";
import { useAloud } from "../components/useAloud";
import { habits, moment, timeZone } from "../text/format";
import { endOf } from "../text/strings";
import { useTag, useText } from "../text/useText";

export function Opening() {
  const t = useText();
  return (
    <section className="sheet sheet--opening" role="status" aria-busy="true" data-testid="opening-page">
      <span className="pulse" aria-hidden="true" />
      <p>{t.opening.title}</p>
    </section>
  );
}

export function Unreachable({ tries, fault, onRetry }: { tries: number; fault: boolean; onRetry: () => void }) {
  const t = useText();
  const message = fault ? t.fault : t.unreachable;
  return (
    <Page title={message.title} icon={fault ? "alert" : "wifi"} tone="warning" testId="error-page">
      <p className="lead">{message.body}</p>
      <p>{message.hint}</p>
      <p className="muted" role="status">
        {t.unreachable.trying(tries)}
      </p>
      <div className="actions">
        <button type="button" className="button" data-testid="retry" onClick={onRetry}>
          {t.tryNow}
        </button>
      </div>
    </Page>
  );
}

const REFUSAL_ICONS: Readonly<Record<Refusal, IconName>> = {
  missing: "link",
  invalid: "link",
  revoked: "link",
  expired: "clock",
  cancelled: "stop",
  failed: "alert",
};

export function Refused({ why }: { why: Refusal }) {
  const t = useText();
  const message = t.refusals[why];
  return (
    <Page title={message.title} icon={REFUSAL_ICONS[why]} tone="warning" testId="error-page">
      <p className="lead">{message.body}</p>
      {message.hint && <p>{message.hint}</p>}
    </Page>
  );
}

export function Waiting({ interview }: { interview: JoinInterview }) {
  const t = useText();
  const tag = useTag();
  return (
    <Page title={t.waiting.title} icon="clock" testId="waiting-page">
      <p className="lead">{t.waiting.body(interview.title)}</p>
      {interview.opensAt ? (
        <p className="moment">
          <span>{t.waiting.opens}</span>
          <time dateTime={interview.opensAt}>{moment(interview.opensAt, habits(tag))}</time>
          <span className="muted">{t.waiting.zone(timeZone())}</span>
        </p>
      ) : (
        <p>{t.waiting.opensLater}</p>
      )}
      <p>{t.waiting.auto}</p>
    </Page>
  );
}

export function Elsewhere({ refused, onJoin }: { refused: boolean; onJoin: () => void }) {
  const t = useText();
  return (
    <Page title={t.elsewhere.title} icon="tabs" testId="elsewhere-page">
      <p className="lead">{refused ? t.elsewhere.refused : t.elsewhere.taken}</p>
      <div className="actions">
        <button type="button" className="button button--quiet" data-testid="use-this-tab" onClick={onJoin}>
          {refused ? t.elsewhere.retry : t.elsewhere.here}
        </button>
      </div>
    </Page>
  );
}

export function Left({ onBack }: { onBack: () => void }) {
  const t = useText();
  return (
    <Page title={t.left.title} icon="leave" testId="end-page">
      <p className="lead">{t.left.body}</p>
      <div className="actions">
        <button type="button" className="button button--quiet" data-testid="rejoin" onClick={onBack}>
          {t.left.back}
        </button>
      </div>
    </Page>
  );
}

export function Over({ title, reason }: { title: string | null; reason: string | null }) {
  const t = useText();
  const end = endOf(t, reason);
  useAloud(reason === "TechnicalFault" ? end : null);
  return (
    <Page title={t.over.title} icon="check" testId="end-page" {...(title ? { eyebrow: title } : {})}>
      <p className="lead">{end}</p>
      <h2 className="subtitle">{t.over.next}</h2>
      <p>{t.over.nextBody}</p>
    </Page>
  );
}
