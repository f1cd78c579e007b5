/** What the link opens, as `GET /join/v1/interview` answers. */
export interface JoinInterview {
  readonly title: string;
  readonly interviewerName: string;
  /** BCP 47 tag of the language that is spoken. */
  readonly language: string;
  readonly state: JoinState;
  readonly opensAt?: string | null;
  readonly expiresAt?: string | null;
  readonly consent: JoinConsent;
  /** Whether sound or picture is recorded, beyond the written transcript. */
  readonly recording: boolean;
  readonly questions: number;
  readonly durationSeconds: number;
}

export type JoinState =
  | "scheduled"
  | "open"
  | "preparing"
  | "ready"
  | "in_progress"
  | "finished"
  | "expired"
  | "cancelled"
  | "failed";

export interface JoinConsent {
  readonly text: string;
  readonly version: string;
  readonly required: boolean;
  readonly given: boolean;
}

/** What `POST /join/v1/connect` grants: a WebSocket room or a Daily room. */
export type Grant = WebsocketGrant | DailyGrant;

export interface WebsocketGrant {
  readonly wsUrl: string;
  readonly token: string;
}

export interface DailyGrant {
  readonly room_url: string;
  readonly token: string;
}
