import { useEffect, useState } from "react";
import type { JoinInterview } from "../api/types";
import { DeviceChoice } from "../components/DeviceChoice";
import { FleetingButton } from "../components/FleetingButton";
import { Icon } from "../components/Icon";
import { LevelBar } from "../components/LevelBar";
import { Notice } from "../components/Notice";
import { Page } from "../components/Page";
import { SelfView } from "../components/SelfView";
import { Steps } from "../components/Steps";
import { useDevice } from "../components/useDevice";
import { playTestSound } from "../media/audio";
import { isAllowed, type Device } from "../media/device";
import type { Text } from "../text/strings";
import { useText } from "../text/useText";

interface CheckProps {
  readonly interview: JoinInterview;
  readonly microphone: Device;
  readonly camera: Device;
  readonly onJoin: () => void;
}

/** Microphone, speaker and camera, while the bot is being provisioned. */
export function Check({ interview, microphone, camera, onJoin }: CheckProps) {
  const t = useText();
  const { state } = useDevice(microphone);
  const open = state.status === "on";
  const ready = isReady(interview);
  return (
    <>
      <Steps current="check" />
      <Page title={t.check.title} wide testId="check-page">
        <p className="lead">{t.check.lead}</p>
        <div className="checks">
          <div className="checks__main">
            <MicrophoneCheck microphone={microphone} />
            <SpeakerCheck />
          </div>
          <CameraCheck camera={camera} />
        </div>
        <div className="joinbar">
          <p className="joinbar__status" role="status">
            <span className={ready ? "dot dot--ready" : "dot"} aria-hidden="true" />
            {statusOf(interview, t)}
          </p>
          <div className="joinbar__action">
            <button type="button" className="button" data-testid="join" disabled={!open} onClick={onJoin}>
              {interview.state === "in_progress" ? t.check.rejoin : t.check.join}
            </button>
            {!open && <p className="joinbar__hint">{t.check.needMicrophone}</p>}
          </div>
        </div>
      </Page>
    </>
  );
}

function isReady({ state }: JoinInterview): boolean {
  return state === "ready" || state === "in_progress";
}

function statusOf(interview: JoinInterview, t: Text): string {
  if (interview.state === "queued") return t.check.queued;
  const name = interview.interviewerName;
  return isReady(interview) ? t.check.ready(name) : t.check.preparing(name);
}

function MicrophoneCheck({ microphone }: { microphone: Device }) {
  const t = useText();
  const { state } = useDevice(microphone);
  const [heard, setHeard] = useState(false);
  const open = (): void => void microphone.open();
  useOpenIfAllowed(microphone);
  return (
    <section className="check" aria-labelledby="check-microphone">
      <h2 id="check-microphone" tabIndex={-1} className="check__title">
        <Icon name="mic" />
        {t.check.microphone}
      </h2>
      {state.status === "off" && (
        <FleetingButton className="button" data-testid="allow-microphone" onClick={open}>
          {t.check.allowMicrophone}
        </FleetingButton>
      )}
      {state.status === "failed" && (
        <Notice message={t.deviceProblems.microphone[state.problem]}>
          {state.problem !== "insecure" && state.problem !== "unsupported" && (
            <FleetingButton className="button button--quiet" data-testid="retry" onClick={open}>
              {t.tryAgain}
            </FleetingButton>
          )}
        </Notice>
      )}
      {state.status === "on" && <LevelBar stream={state.stream} onHeard={() => setHeard(true)} />}
      {/* Always there, so that a change of its text is spoken. */}
      <p className={state.status === "on" && heard ? "check__note check__note--good" : "check__note"} role="status">
        {state.status === "asking" && t.check.asking}
        {state.status === "on" && heard && <Icon name="check" />}
        {state.status === "on" && (heard ? t.check.heard : t.check.speak)}
      </p>
      <DeviceChoice device={microphone} />
    </section>
  );
}

/** Where a device was allowed before, asking shows no prompt, so there is nothing to press first. */
function useOpenIfAllowed(device: Device): void {
  useEffect(() => {
    void isAllowed(device.kind).then((allowed) => {
      if (allowed && device.snapshot().state.status === "off") void device.open();
    });
  }, [device]);
}

function SpeakerCheck() {
  const t = useText();
  const [playing, setPlaying] = useState(false);
  const play = async (): Promise<void> => {
    setPlaying(true);
    try {
      await playTestSound();
    } finally {
      setPlaying(false);
    }
  };
  return (
    <section className="check" aria-labelledby="check-speaker">
      <h2 id="check-speaker" className="check__title">
        <Icon name="speaker" />
        {t.check.speaker}
      </h2>
      <p className="check__note">{t.check.speakerBody}</p>
      <button type="button" className="button button--quiet" aria-disabled={playing} onClick={playing ? undefined : play}>
        {playing ? t.check.playing : t.check.play}
      </button>
    </section>
  );
}

function CameraCheck({ camera }: { camera: Device }) {
  const t = useText();
  const { state } = useDevice(camera);
  useOpenIfAllowed(camera);
  return (
    <section className="check check--camera" aria-labelledby="check-camera">
      <h2 id="check-camera" className="check__title">
        <Icon name="camera" />
        {t.check.camera} <span className="check__optional">({t.check.optional})</span>
      </h2>
      <SelfView camera={camera} />
      <p className="check__note">{t.check.cameraBody}</p>
      {state.status === "failed" && <Notice tone="info" message={t.deviceProblems.camera[state.problem]} />}
      <DeviceChoice device={camera} />
      {state.status === "on" ? (
        <button type="button" className="button button--quiet" onClick={() => camera.close()}>
          {t.check.cameraOff}
        </button>
      ) : (
        <button
          type="button"
          className="button button--quiet"
          data-testid="allow-camera"
          aria-disabled={state.status === "asking"}
          onClick={() => void (state.status === "asking" || camera.open())}
        >
          {t.check.allowCamera}
        </button>
      )}
    </section>
  );
}
