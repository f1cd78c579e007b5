/** The pages of one message: waiting, gone, over. */
import type { Refusal } from "../api/problem";
import type { JoinInterview } from "../api/types";
import type { IconName } from "../components/Icon";
import { Page } from "../components/Page";
import { moment, timeZone } from "../text/format";
import { t } from "../text/strings";

export function Opening() {
  return (
    <section className="sheet sheet--opening" role="status" aria-busy="true" data-testid="opening-page">
      <span className="pulse" aria-hidden="true" />
      <p>{t.opening.title}</p>
    </section>
  );
}

export function Unreachable({ tries, fault, onRetry }: { tries: number; fault: boolean; onRetry: () => void }) {
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
  const message = t.refusals[why];
  return (
    <Page title={message.title} icon={REFUSAL_ICONS[why]} tone="warning" testId="error-page">
      <p className="lead">{message.body}</p>
      {message.hint && <p>{message.hint}</p>}
    </Page>
  );
}

export function Waiting({ interview }: { interview: JoinInterview }) {
  return (
    <Page title={t.waiting.title} icon="clock" testId="waiting-page">
      <p className="lead">{t.waiting.body(interview.title)}</p>
      {interview.opensAt ? (
        <p className="moment">
          <span>{t.waiting.opens}</span>
          <time dateTime={interview.opensAt}>{moment(interview.opensAt)}</time>
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
  return (
    <Page title={t.over.title} icon="check" testId="end-page" {...(title ? { eyebrow: title } : {})}>
      <p className="lead">{t.over.body(reason)}</p>
      <h2 className="subtitle">{t.over.next}</h2>
      <p>{t.over.nextBody}</p>
    </Page>
  );
}
