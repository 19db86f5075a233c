import { Toast } from '@base-ui/react/toast';
import { ApiProblem } from '../api/client.ts';

const manager = Toast.createToastManager();

/** Says for a few seconds that something was done. */
export const say = (title: string, description?: string): void => {
  manager.add({ title, description, type: 'success' });
};

/** Says that something failed, in the service's own words. */
export function sayFailed(title: string, error: unknown): void {
  manager.add({ title, description: wordsOf(error), type: 'error', timeout: 12_000, priority: 'high' });
}

/** What went wrong, with the fields it is about. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof ApiProblem)) return error instanceof Error ? error.message : String(error);
  const fields = error.problem?.errors.map(({ path, message }) => `${path}: ${message}`) ?? [];
  return [error.message, ...fields].join(' ');
}

export const Toasts = () => (
  <Toast.Provider toastManager={manager} timeout={5_000}>
    <Toast.Portal>
      <Toast.Viewport className="toasts">
        <ToastList />
      </Toast.Viewport>
    </Toast.Portal>
  </Toast.Provider>
);

const ToastList = () =>
  Toast.useToastManager().toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className="toast" data-type={toast.type}>
      <div className="row spread">
        <Toast.Title className="toast-title" />
        <Toast.Close className="chip-remove" aria-label="Dismiss">
          ×
        </Toast.Close>
      </div>
      <Toast.Description className="toast-text" />
    </Toast.Root>
  ));
