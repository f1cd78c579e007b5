import type { Refusal } from "../../api/problem";
import type { DeviceKind, DeviceProblem } from "../../media/device";
import type { Message } from "../strings";

const refusals: Readonly<Record<Refusal, Message>> = {
  missing: {
    title: "Open the link in your invitation",
    body: "This page needs the personal link that you were sent. Open it from the invitation itself.",
    hint: "If you opened it before in another tab or browser, go back there or use the invitation again.",
  },
  invalid: {
    title: "This link doesn’t work",
    body: "It may have been cut short when it was copied, or it belongs to an interview that is no longer there.",
    hint: "Copy the whole link from your invitation, or ask the person who invited you for a new one.",
  },
  revoked: {
    title: "This link was replaced",
    body: "A newer link was made for your interview, and this one no longer opens it.",
    hint: "Look for a more recent message, or ask the person who invited you to send the new link.",
  },
  expired: {
    title: "The time for this interview has passed",
    body: "The interview could be taken until a certain time, and that time is over.",
    hint: "If you still want to take it, ask the person who invited you for a new date.",
  },
  cancelled: {
    title: "This interview was cancelled",
    body: "The team that invited you has cancelled it. There is nothing you need to do here.",
    hint: "If that surprises you, ask the person who invited you.",
  },
  failed: {
    title: "This interview couldn’t be held",
    body: "Something went wrong on our side, not on yours. The team that invited you can see it too.",
    hint: "Ask the person who invited you for a new interview.",
  },
};

const ends = {
  Completed: "That was the last question. Your answers are safely stored.",
  TimeLimit: "The time for the interview is used up. Everything you said is stored.",
  CandidateLeft: "You left the interview. What you said until then is stored.",
  Silence: "Nothing was heard for a while, so the interview was ended. What you said until then is stored.",
  NoShow: "The interview was ended because nobody joined it.",
  TechnicalFault: "A technical fault on our side ended the interview early. What you said until then is stored, and the team that invited you can see what happened.",
  RecordingFailed: "The interview has to be recorded, and the recording failed on our side, so it was ended early. What you said until then is stored, and the team that invited you can see what happened.",
  Cancelled: "The team that invited you has ended this interview.",
};

const deviceProblems: Readonly<Record<DeviceKind, Readonly<Record<DeviceProblem, Message>>>> = {
  microphone: {
    insecure: {
      title: "This page isn’t on a secure connection",
      body: "Browsers share a microphone only with pages whose address begins with https.",
      hint: "Open the link from your invitation again, exactly as it was sent.",
    },
    unsupported: {
      title: "This browser can’t use a microphone here",
      body: "Please open your link in a current Chrome, Edge, Firefox or Safari.",
      hint: "Links opened inside another app often have this limit: choose “Open in browser” there.",
    },
    denied: {
      title: "The microphone is blocked",
      body: "Your browser, or your computer, doesn’t let this page use the microphone.",
      hint: "Open the site settings beside the address (or in the browser’s menu), allow the microphone, and try again. If that doesn’t help, look in your system’s privacy settings.",
    },
    none: {
      title: "No microphone was found",
      body: "Connect a microphone or a headset, and try again.",
    },
    busy: {
      title: "The microphone is in use",
      body: "Another program seems to hold it. Close other calls and recorders, and try again.",
    },
    unknown: {
      title: "The microphone didn’t start",
      body: "Try again. If that doesn’t help, connect another microphone or restart the browser.",
    },
  },
  camera: {
    insecure: { title: "No camera here", body: "Browsers share a camera only with pages on a secure connection." },
    unsupported: { title: "No camera here", body: "This browser can’t use a camera on this page." },
    denied: {
      title: "The camera is blocked",
      body: "You can go on without it, or allow it in the site settings beside the address.",
    },
    none: { title: "No camera was found", body: "You can go on without one." },
    busy: { title: "The camera is in use", body: "Another program seems to hold it. You can go on without it." },
    unknown: { title: "The camera didn’t start", body: "You can go on without it." },
  },
};

/** English; and by its type, what every other language has to say. */
export const en = {
  refusals,
  ends,
  deviceProblems,
  skip: "Skip to the content",
  product: "Parley",
  footer: "Interviews by an AI interviewer, held with Parley.",
  steps: { label: "Steps", about: "About", check: "Sound check", interview: "Interview" },
  opening: { title: "Opening your interview…" },
  tryAgain: "Try again",
  tryNow: "Try now",
  unreachable: {
    title: "The interview service can’t be reached",
    body: "This is usually the connection. The page keeps trying by itself; you don’t need to reload it.",
    hint: "Check that you are online. A company network or a VPN may also be in the way.",
    trying: (tries: number) => (tries === 1 ? "Trying again…" : `Trying again… (${tries} tries so far)`),
  },
  fault: {
    title: "Something went wrong on this page",
    body: "It isn’t anything you did. The page tries again by itself.",
    hint: "If it stays like this, load the page again, or open your link in another browser.",
  },
  broken: {
    title: "This page has stopped working",
    body: "Load it again: you come back to where you were, and nothing that you said is lost.",
    reload: "Load the page again",
  },
  waiting: {
    title: "You’re early",
    body: (title: string) => `Your interview “${title}” isn’t open yet.`,
    opens: "It opens",
    opensLater: "It isn’t open yet; the time will be set by the team that invited you.",
    auto: "Leave this page open: it goes on by itself. You can also close it and use the same link later.",
    zone: (zone: string) => `Your time zone: ${zone}`,
  },
  welcome: {
    eyebrow: "Your interview",
    lead: (name: string) =>
      `You’ll talk with ${name}, an AI interviewer. It’s a spoken conversation, like a call: it asks, you answer in your own words.`,
    facts: { length: "Length", questions: "Questions", language: "Language", until: "Open until" },
    minutes: (minutes: number) => (minutes === 1 ? "Up to 1 minute" : `Up to ${minutes} minutes`),
    count: (count: number) => (count === 1 ? "1 question" : `${count} questions`),
    how: "What to expect",
    expectations: (recording: boolean) => [
      { title: "An AI interviews you", body: "The voice you’ll hear is made by a computer. No person listens in while you talk." },
      { title: "Who sees it", body: "The team that invited you reads the written transcript afterwards." },
      {
        title: "What is stored",
        body: recording
          ? "A written transcript of what you and the interviewer say, and a recording of the sound. Your picture never leaves your device."
          : "A written transcript of what you and the interviewer say. Your voice is processed as you speak and isn’t kept; your picture never leaves your device.",
      },
      { title: "You can stop at any time", body: "If the connection drops, come back with the same link and go on where you were." },
    ],
    consent: "Your consent",
    agree: "The interview can be held only if you agree. If you don’t, close this page; nothing has been started.",
    agreeRecording: "If you agree, the sound of the interview is recorded. You can also go on without being recorded.",
    accept: "I agree, continue",
    go: "Continue",
    decline: "Continue without a recording",
    sending: "One moment…",
    failed: "That didn’t go through. Check your connection, and try again.",
    changed: "The text above has changed since you opened this page. Please read it again before you agree.",
  },
  check: {
    title: "Check your sound",
    lead: "Find a quiet place. Headphones are best, but not needed.",
    microphone: "Microphone",
    allowMicrophone: "Turn on the microphone",
    asking: "Your browser asks for permission now. Please allow it.",
    speak: "Say a few words: the bar should move.",
    heard: "We can hear you.",
    level: "Microphone level",
    choose: { microphone: "Microphone to use", camera: "Camera to use" },
    unnamed: (index: number) => `Device ${index}`,
    speaker: "Speaker",
    speakerBody: "You should hear three soft notes.",
    play: "Play a test sound",
    playing: "Playing…",
    camera: "Camera",
    optional: "optional",
    cameraBody: "Only you see it. The picture stays on your device.",
    allowCamera: "Turn on the camera",
    cameraOff: "Turn off the camera",
    join: "Join the interview",
    rejoin: "Return to the interview",
    needMicrophone: "Turn on the microphone first.",
    preparing: (name: string) => `${name} is getting ready. You can join now and wait inside.`,
    queued: "Every interviewer is in a conversation right now. You can join now and wait inside for your turn.",
    ready: (name: string) => `${name} is ready for you.`,
  },
  room: {
    interviewer: "AI interviewer",
    you: "You",
    phases: {
      preparing: "Getting ready…",
      connecting: "Connecting…",
      reconnecting: "Reconnecting…",
      blocked: "Not connected",
      speaking: "Speaking",
      hearing: "Listening to you",
      listening: "Listening",
    },
    question: (question: number, total: number) => `Question ${question} of ${total}`,
    warmUp: (total: number) => (total === 1 ? "1 question" : `${total} questions`),
    recording: "Recording",
    left: (minutes: number) => (minutes <= 1 ? "Less than a minute left" : `${minutes} minutes left`),
    captions: "Captions",
    aloud: "Send to screen reader",
    noCaptions: "What you both say appears here.",
    toLatest: "Latest",
    selfView: "Your camera, seen only by you",
    cameraOff: "Camera off",
    mute: "Mute",
    unmute: "Unmute",
    muted: "You are muted",
    cameraOn: "Camera on",
    leave: "Leave",
    controls: "Call controls",
    notYet: "The connection couldn’t be made yet. We keep trying.",
    dropped: "The connection was lost. We’re reconnecting; the interviewer waits for you.",
    droppedLong: "Still not connected. Check your network: the interview goes on as soon as you are back.",
    replaced: "The interviewer is coming back. Stay on this page: you go on where you were.",
    fault: "Something on this page didn’t work. We keep trying; if it stays like this, load the page again.",
    heldBack: {
      title: "The sound is paused",
      body: "Your browser has stopped the sound, as it does after a phone call. Nothing is heard until you go on.",
    },
    goOn: "Go on",
    silenced: {
      title: "Your microphone is paused",
      body: "A phone call, another app or a switch on the device has it now. It comes back by itself after that.",
    },
    queued:
      "Every interviewer is in a conversation right now. Yours comes as soon as one is free; stay on this page, you don’t lose your place.",
    preparingLong: "The interviewer’s room is being prepared. This takes a few seconds; stay on this page.",
    microphoneLost: "Your microphone is gone. Connect it again or choose another one, and turn it on.",
    dailyCode: {
      title: "The call couldn’t be loaded",
      body: "This interview uses Daily for the call, and Daily’s program couldn’t be loaded from its servers (c.daily.co).",
      hint: "An ad blocker, a VPN or a company network is the usual cause. Allow daily.co there, or use another network, and try again.",
    },
  },
  leave: {
    title: "Leave the interview?",
    body: "This ends the interview. The answers that you gave are kept as they are.",
    stay: "Stay",
    leave: "Leave the interview",
  },
  left: {
    title: "You left the interview",
    body: "What you said until now is stored. If the interview is not closed yet, you can go back.",
    back: "Go back to the interview",
  },
  elsewhere: {
    title: "The interview is open in another tab",
    taken: "You joined from another tab or device, so this one was disconnected. Only one can take part at a time.",
    refused: "You are already in this interview in another tab or on another device. Go on there.",
    here: "Use this tab instead",
    retry: "Try again",
  },
  over: {
    title: "Thank you",
    body: "The interview is over. Your answers are stored.",
    next: "What happens next",
    nextBody: "The team that invited you reads the transcript and gets back to you. You can close this page.",
  },
};
