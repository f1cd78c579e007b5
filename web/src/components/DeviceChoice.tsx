import { useId } from "react";
import type { Device } from "../media/device";
import { t } from "../text/strings";
import { useDevice } from "./useDevice";

/** Which of several microphones or cameras; shown once there is a choice. */
export function DeviceChoice({ device, onChanged }: { device: Device; onChanged?: () => void }) {
  const id = useId();
  const { state, devices } = useDevice(device);
  if (devices.length < 2 || state.status !== "on") return null;
  return (
    <div className="field">
      <label htmlFor={id}>{t.check.choose[device.kind]}</label>
      <select
        id={id}
        value={state.deviceId}
        onChange={(event) => void device.open(event.target.value).then(onChanged)}
      >
        {devices.map((info, index) => (
          <option key={info.deviceId} value={info.deviceId}>
            {info.label || t.check.unnamed(index + 1)}
          </option>
        ))}
      </select>
    </div>
  );
}
