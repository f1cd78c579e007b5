// Made by `npm run generate` from the API's OpenAPI document. Do not edit.

export interface paths {
    readonly "/join/v1/connect": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Post Connect
         * @description Where to connect, once the interviewer is in the room; until then 409 `not-ready` with Retry-After.
         */
        readonly post: operations["post_connect"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/join/v1/consent": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Give Consent
         * @description The candidate is here and agrees to this version of the consent. Saying it again changes nothing.
         */
        readonly post: operations["give_consent"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/join/v1/interview": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * Get Interview
         * @description What the link opens: what this is, where it stands, and what to agree to.
         */
        readonly get: operations["get_interview"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * ConsentGiven
         * @description The candidate agrees to this version of the consent.
         */
        readonly ConsentGiven: {
            /** Version */
            readonly version: string;
        };
        /**
         * ConsentView
         * @description What the candidate is asked to agree to, and whether they did (to this very version).
         */
        readonly ConsentView: {
            /** Given */
            readonly given: boolean;
            /** Required */
            readonly required: boolean;
            /** Text */
            readonly text: string;
            /** Version */
            readonly version: string;
        };
        /**
         * DailyConnection
         * @description The room and token that pipecat's Daily transport joins with, in Daily's own names.
         */
        readonly DailyConnection: {
            /** Room Url */
            readonly room_url: string;
            /** Token */
            readonly token: string;
        };
        /**
         * FieldError
         * @description One field of the request that was refused, named by its path in the document, and why.
         */
        readonly FieldError: {
            /** Field */
            readonly field: string;
            /** Message */
            readonly message: string;
        };
        /**
         * JoinState
         * @description Where the interview is, as the candidate's page needs it.
         * @enum {string}
         */
        readonly JoinState: "scheduled" | "open" | "queued" | "preparing" | "ready" | "in_progress" | "finished" | "expired" | "cancelled" | "failed";
        /**
         * JoinView
         * @description What the link opens.
         */
        readonly JoinView: {
            readonly consent: components["schemas"]["ConsentView"];
            /**
             * Durationseconds
             * @description How long the conversation may last; extra time is added already.
             */
            readonly durationSeconds: number;
            /**
             * Expiresat
             * @description After this time nobody can begin.
             */
            readonly expiresAt: string | null;
            /** Interviewername */
            readonly interviewerName: string;
            /**
             * Language
             * @description Of the conversation and of the pages: a BCP 47 tag, such as en-US.
             */
            readonly language: string;
            /**
             * Opensat
             * @description Before this time nobody can join.
             */
            readonly opensAt: string | null;
            /**
             * Questions
             * @description How many questions are planned.
             */
            readonly questions: number;
            /**
             * Recording
             * @description Whether the conversation is recorded, where the candidate agrees to the consent.
             */
            readonly recording: boolean;
            readonly state: components["schemas"]["JoinState"];
            /** Title */
            readonly title: string;
        };
        /**
         * Problem
         * @description `application/problem+json`. `type` is `https://parley.dev/problems/<slug>`.
         */
        readonly Problem: {
            /** Detail */
            readonly detail: string;
            /**
             * Errors
             * @default []
             */
            readonly errors: readonly components["schemas"]["FieldError"][];
            /** Status */
            readonly status: number;
            /** Title */
            readonly title: string;
            /** Type */
            readonly type: string;
        };
        /**
         * WebsocketConnection
         * @description Where pipecat's WebSocket transport connects to: `<wsUrl>?token=<token>`, within 30 s.
         */
        readonly WebsocketConnection: {
            /** Token */
            readonly token: string;
            /** Wsurl */
            readonly wsUrl: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    readonly post_connect: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Successful Response */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["WebsocketConnection"] | components["schemas"]["DailyConnection"];
                };
            };
            /** @description Unauthorized */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            readonly 409: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Gone */
            readonly 410: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readonly give_consent: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["ConsentGiven"];
            };
        };
        readonly responses: {
            /** @description Successful Response */
            readonly 204: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict */
            readonly 409: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Gone */
            readonly 410: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Content */
            readonly 422: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readonly get_interview: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Successful Response */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["JoinView"];
                };
            };
            /** @description Unauthorized */
            readonly 401: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden */
            readonly 403: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Gone */
            readonly 410: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests */
            readonly 429: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable */
            readonly 503: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
