import { useSyncExternalStore } from "react";
import type { Device, DeviceSnapshot } from "../media/device";

export function useDevice(device: Device): DeviceSnapshot {
  return useSyncExternalStore(device.subscribe, device.snapshot);
}
