/** The API's types by the names that the pages use; `schema.d.ts` is made from the API's OpenAPI document. */
import type { components } from "./schema";

type Schemas = components["schemas"];

/** What the link opens. */
export type JoinInterview = Schemas["JoinView"];
export type JoinState = Schemas["JoinState"];

export type WebsocketGrant = Schemas["WebsocketConnection"];
export type DailyGrant = Schemas["DailyConnection"];
/** What `POST /join/v1/connect` grants. */
export type Grant = WebsocketGrant | DailyGrant;
