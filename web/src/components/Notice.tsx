import type { ReactNode } from "react";
import type { Message } from "../text/strings";
import { Icon, type IconName } from "./Icon";

interface NoticeProps {
  readonly message: Message;
  readonly tone?: "warning" | "info";
  readonly icon?: IconName;
  readonly children?: ReactNode;
}

/** Something that went wrong and what to do about it; spoken when it appears. */
export function Notice({ message, tone = "warning", icon = "alert", children }: NoticeProps) {
  return (
    <div className={`notice notice--${tone}`} role={tone === "warning" ? "alert" : "status"}>
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
