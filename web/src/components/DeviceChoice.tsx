import { useId } from "react";
import type { Device } from "../media/device";
import { useText } from "../text/useText";
import { useDevice } from "./useDevice";

/**
 * Which of several microphones or cameras; shown once there is a choice. It stays while another one is opened: with the
 * arrow keys of some systems each step through the list opens one.
 */
export function DeviceChoice({ device }: { device: Device }) {
  const t = useText();
  const id = useId();
  const { state, devices, wanted } = useDevice(device);
  if (devices.length < 2 || state.status === "off") return null;
  return (
    <div className="field">
      <label htmlFor={id}>{t.check.choose[device.kind]}</label>
      <select
        id={id}
        value={state.status === "on" ? state.deviceId : wanted}
        onChange={(event) => void device.open(event.target.value)}
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
