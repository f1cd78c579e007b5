import type { ReactNode } from "react";
import type { Message } from "../text/strings";
import { Icon, type IconName } from "./Icon";

interface NoticeProps {
  readonly message: Message;
  readonly tone?: "warning" | "info";
  readonly icon?: IconName;
  readonly children?: ReactNode;
}

/**
 * Something that went wrong and what to do about it. A warning is spoken when it appears; what only informs is not: the
 * page says it in a live region that was there before (`role="status"` is heard only when its text changes).
 */
export function Notice({ message, tone = "warning", icon = "alert", children }: NoticeProps) {
  return (
    <div className={`notice notice--${tone}`} role={tone === "warning" ? "alert" : undefined}>
      <Icon name={icon} />
      <div className="notice__text">
        <p className="notice__title">{message.title}</p>
        <p>{message.body}</p>
        {message.hint && <p>{message.hint}</p>}
        {children && <div className="notice__actions">{children}</div>}
      </div>
    </div>
  );
}
