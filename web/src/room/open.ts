import type { Grant } from "../api/types";
import type { Device } from "../media/device";
import type { Room, RoomListener } from "./room";

/** Opens the room that the API granted; Daily's library is loaded only for a Daily room. */
export async function openRoom(grant: Grant, microphone: Device, listener: RoomListener): Promise<Room> {
  if ("room_url" in grant) {
    const { openDailyRoom } = await import("./daily");
    return openDailyRoom(grant, microphone, listener);
  }
  const { openWebsocketRoom } = await import("./websocket");
  return openWebsocketRoom(grant, microphone, listener);
}
