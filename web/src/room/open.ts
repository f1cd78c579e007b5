import type { Grant } from "../api/types";
import type { Device } from "../media/device";
import { reloadOnce } from "../reload";
import type { Room, RoomListener } from "./room";
import { WebsocketRoom } from "./websocket";

/**
 * Opens the room that the API granted. Daily's library is large, so only a Daily room loads it.
 *
 * @throws when that failed, and the page was loaded anew for it a moment ago
 */
export async function openRoom(grant: Grant, microphone: Device, listener: RoomListener): Promise<Room> {
  if ("room_url" in grant) {
    // Browsers keep a failed import for as long as the page lives, and the file may be of a former release.
    const { DailyRoom } = await import("./daily").catch(reloadOnce);
    const room = new DailyRoom(microphone, listener);
    room.start(grant);
    return room;
  }
  const room = new WebsocketRoom(grant, microphone, listener);
  room.start();
  return room;
}
