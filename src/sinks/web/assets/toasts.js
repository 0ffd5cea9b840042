// Short messages in a corner, which screen readers read out.
const SHOWN_MAX = 4;
const SHOWN_MS = 12_000;

function closeButton() {
  const button = document.createElement('button');
  button.type = 'button';
  button.setAttribute('aria-label', 'Close this message');
  button.textContent = '×';
  return button;
}

/**
 * @param look status whose colour it has
 * @param parts texts and elements
 */
export function showToast(look, ...parts) {
  const list = document.getElementById('toasts');
  const toast = document.createElement('div');
  toast.className = `toast is-${look}`;
  const words = document.createElement('p');
  words.append(...parts);
  const close = closeButton();
  toast.append(words, close);
  let timer;
  const expire = () => {
    timer = setTimeout(() => toast.remove(), SHOWN_MS);
  };
  // Not while someone reads it.
  for (const name of ['pointerenter', 'focusin'])
    toast.addEventListener(name, () => clearTimeout(timer));
  for (const name of ['pointerleave', 'focusout']) toast.addEventListener(name, expire);
  close.addEventListener('click', () => {
    clearTimeout(timer);
    toast.remove();
  });
  expire();
  list.append(toast);
  while (list.children.length > SHOWN_MAX) list.firstElementChild.remove();
}
