import { createContext, useContext } from "react";
import { ENGLISH, type PageLanguage, type Text } from "./strings";

export const PageLanguageContext = createContext<PageLanguage>(ENGLISH);

/** The page's words, in its language. */
export function useText(): Text {
  return useContext(PageLanguageContext).text;
}

/** The page's language, a BCP 47 tag. */
export function useTag(): string {
  return useContext(PageLanguageContext).tag;
}
