import { useEffect, useRef } from "react";
import type { Device } from "../media/device";
import { useText } from "../text/useText";
import { Icon } from "./Icon";
import { useDevice } from "./useDevice";

/** The candidate's own picture, mirrored as in a mirror. It goes nowhere else. */
export function SelfView({ camera }: { camera: Device }) {
  const t = useText();
  const { state } = useDevice(camera);
  const video = useRef<HTMLVideoElement>(null);
  const stream = state.status === "on" ? state.stream : null;
  useEffect(() => {
    if (video.current) video.current.srcObject = stream;
  }, [stream]);
  return (
    <div className="selfview">
      {stream ? (
        <video
          ref={video}
          data-testid="self-view"
          aria-label={t.room.selfView}
          className="selfview__video"
          autoPlay
          playsInline
          muted
        />
      ) : (
        <span className="selfview__off">
          <Icon name="cameraOff" />
          {state.status === "failed" ? t.deviceProblems.camera[state.problem].title : t.room.cameraOff}
        </span>
      )}
    </div>
  );
}
