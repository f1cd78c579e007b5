import { useEffect, useRef } from "react";
import { useText } from "../text/useText";

interface LeaveDialogProps {
  readonly open: boolean;
  readonly onStay: () => void;
  readonly onLeave: () => void;
}

/** The browser's own modal dialog: it keeps the focus inside, closes on Escape and gives the focus back. */
export function LeaveDialog({ open, onStay, onLeave }: LeaveDialogProps) {
  const t = useText();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open && dialog.current && !dialog.current.open) dialog.current.showModal();
    if (!open) dialog.current?.close();
  }, [open]);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="leave-title" aria-describedby="leave-body" onClose={onStay}>
      <h2 id="leave-title" className="dialog__title">
        {t.leave.title}
      </h2>
      <p id="leave-body">{t.leave.body}</p>
      <div className="actions actions--end">
        <button type="button" className="button button--quiet" onClick={onStay}>
          {t.leave.stay}
        </button>
        <button type="button" className="button button--danger" data-testid="leave-confirm" onClick={onLeave}>
          {t.leave.leave}
        </button>
      </div>
    </dialog>
  );
}
