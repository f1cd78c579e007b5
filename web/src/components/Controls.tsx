import type { Device } from "../media/device";
import { useText } from "../text/useText";
import { Icon } from "./Icon";
import { useDevice } from "./useDevice";

interface ControlsProps {
  readonly muted: boolean;
  readonly camera: Device;
  readonly onMute: () => void;
  readonly onLeave: () => void;
}

/** Mute, camera, leave. Labels say what the button does; colour is never the only sign. */
export function Controls({ muted, camera, onMute, onLeave }: ControlsProps) {
  const t = useText();
  const { state } = useDevice(camera);
  const filming = state.status === "on";
  const toggle = (): void => {
    if (filming) camera.close();
    else if (state.status !== "asking") void camera.open();
  };
  return (
    <div className="controls" role="group" aria-label={t.room.controls}>
      <button
        type="button"
        className={muted ? "control control--alert" : "control"}
        data-testid="mute"
        onClick={onMute}
      >
        <Icon name={muted ? "micOff" : "mic"} />
        {muted ? t.room.unmute : t.room.mute}
      </button>
      <button
        type="button"
        className="control"
        data-testid="camera"
        aria-disabled={state.status === "asking"}
        onClick={toggle}
      >
        <Icon name={filming ? "camera" : "cameraOff"} />
        {filming ? t.room.cameraOff : t.room.cameraOn}
      </button>
      <button type="button" className="control control--leave" data-testid="leave" onClick={onLeave}>
        <Icon name="leave" />
        {t.room.leave}
      </button>
      <p className="visually-hidden" role="status">
        {muted ? t.room.muted : ""}
      </p>
    </div>
  );
}
