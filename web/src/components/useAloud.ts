import { useEffect } from "react";
import { useTag } from "../text/useText";

/**
 * Says a sentence of the page in the browser's own voice, one of the page's language: that the interviewer is gone, which it can't say itself, to somebody who
 * listens and does not look. Once for each sentence; it is cut short when there is nothing to be said any more.
 */
export function useAloud(sentence: string | null): void {
  const tag = useTag();
  useEffect(() => {
    // Missing in some browsers inside other apps, whatever the DOM types say.
    const voice = (window as Partial<Window>).speechSynthesis;
    if (!voice || sentence === null) return;
    const words = new SpeechSynthesisUtterance(sentence);
    words.lang = tag;
    voice.speak(words);
    return () => voice.cancel();
  }, [sentence, tag]);
}
