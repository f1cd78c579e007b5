import type { JoinInterview } from "../api/types";
import { Icon, type IconName } from "../components/Icon";
import { Page } from "../components/Page";
import { Steps } from "../components/Steps";
import { habits, languageName, minutes, shortMoment } from "../text/format";
import { useTag, useText } from "../text/useText";

interface WelcomeProps {
  readonly interview: JoinInterview;
  readonly sending: boolean;
  readonly trouble: "failed" | "changed" | null;
  readonly onAgree: () => void;
  readonly onDecline: () => void;
}

/** What this is, who asks, what is kept; and the consent. Nothing is provisioned before the button is pressed. */
export function Welcome(props: WelcomeProps) {
  const t = useText();
  const { interview } = props;
  return (
    <>
      <Steps current="about" />
      <Page title={interview.title} language={interview.language} eyebrow={t.welcome.eyebrow} testId="welcome-page">
        <p className="lead">{t.welcome.lead(interview.interviewerName)}</p>
        <Facts interview={interview} />
        <Expectations recording={interview.recording} />
        <Consent {...props} />
      </Page>
    </>
  );
}

function Facts({ interview }: { interview: JoinInterview }) {
  const t = useText();
  const tag = useTag();
  const { facts } = t.welcome;
  return (
    <dl className="facts">
      <div>
        <dt>{facts.length}</dt>
        <dd>{t.welcome.minutes(minutes(interview.durationSeconds))}</dd>
      </div>
      <div>
        <dt>{facts.questions}</dt>
        <dd>{t.welcome.count(interview.questions)}</dd>
      </div>
      <div>
        <dt>{facts.language}</dt>
        <dd>{languageName(interview.language, tag)}</dd>
      </div>
      {interview.expiresAt && (
        <div>
          <dt>{facts.until}</dt>
          <dd>
            <time dateTime={interview.expiresAt}>{shortMoment(interview.expiresAt, habits(tag))}</time>
          </dd>
        </div>
      )}
    </dl>
  );
}

const ICONS: readonly IconName[] = ["spark", "people", "file", "stop"];

function Expectations({ recording }: { recording: boolean }) {
  const t = useText();
  return (
    <>
      <h2 className="subtitle">{t.welcome.how}</h2>
      <ul className="expectations">
        {t.welcome.expectations(recording).map((item, index) => (
          <li key={item.title}>
            <Icon name={ICONS[index] ?? "check"} />
            <div>
              <strong>{item.title}</strong>
              <p>{item.body}</p>
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}

/** One press of a button that says what it means: a box to tick before it would ask the same thing twice. */
function Consent({ interview, sending, trouble, onAgree, onDecline }: WelcomeProps) {
  const t = useText();
  const { consent } = interview;
  const choice = interview.recording && !consent.required;
  const label = consent.required || choice ? t.welcome.accept : t.welcome.go;
  return (
    <section className="consent" aria-labelledby="consent-title">
      <h2 id="consent-title" className="subtitle">
        {t.welcome.consent}
      </h2>
      <p className="consent__text" lang={interview.language}>{consent.text}</p>
      {consent.required && <p>{t.welcome.agree}</p>}
      {choice && <p>{t.welcome.agreeRecording}</p>}
      <p className="form-error" role="alert">
        {trouble && t.welcome[trouble]}
      </p>
      <button type="button" className="button" data-testid="consent-accept" aria-disabled={sending} onClick={sending ? undefined : onAgree}>
        {sending ? t.welcome.sending : label}
      </button>
      {choice && !sending && (
        <button type="button" className="button button--quiet" data-testid="consent-decline" onClick={onDecline}>
          {t.welcome.decline}
        </button>
      )}
    </section>
  );
}
