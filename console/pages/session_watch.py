"""Leaves the page as soon as the login is gone, and carries the sign-out button.

Without it Streamlit would show "connection error" over the last screen's data.
"""

from typing import Final

from streamlit.components.v2 import component

_HTML: Final = "<button type='button'></button>"
_CSS: Final = """
button { all: unset; cursor: pointer; color: var(--st-link-color); font-size: .9rem;
  text-decoration: underline; }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
"""
_JS: Final = """
const EVERY = 5000;

function leave() {
  const next = encodeURIComponent(location.pathname + location.search);
  document.body.replaceChildren();
  location.replace(`/signin?next=${next}`);
}

async function ask() {
  const headers = {accept: 'application/json'};
  const answer = await fetch('/api/v1/me', {headers, cache: 'no-store'}).catch(() => null);
  return answer !== null && answer.status === 401;
}

async function signOut(button) {
  button.disabled = true;
  const answer = await fetch('/signout', {
    method: 'POST', headers: {'x-channel': '1'}, cache: 'no-store', redirect: 'manual',
  }).catch(() => null);
  if (answer === null || answer.status >= 400) { button.disabled = false; return; }
  document.body.replaceChildren();
  location.replace('/signin');
}

// Streamlit's own words come with the page, so another language needs the page again; once, should
// the server go on in the one before.
function speak(language) {
  const asked = 'channel-language';
  if (document.documentElement.lang.split('-')[0] === language) {
    sessionStorage.removeItem(asked);
  } else if (sessionStorage.getItem(asked) !== language) {
    sessionStorage.setItem(asked, language);
    location.reload();
  }
}

export default function (component) {
  speak(component.data.language);
  const button = component.parentElement.querySelector('button');
  button.textContent = component.data.label;
  button.onclick = () => signOut(button);
  let gone = false;
  const look = async () => {
    if (!gone && await ask() && !gone) { gone = true; leave(); }
  };
  const seen = () => { if (!document.hidden) look(); };
  const timer = setInterval(look, EVERY);
  document.addEventListener('visibilitychange', seen);
  return () => {
    gone = true;
    clearInterval(timer);
    document.removeEventListener('visibilitychange', seen);
  };
}
"""


def session_watch(label: str, language: str) -> None:
    """Put it into the sidebar of every page, once; `label` is the sign-out button's text.

    A page that was loaded in another language than `language` is loaded anew.
    """
    watch = component("session_watch", html=_HTML, css=_CSS, js=_JS)
    watch(data={"label": label, "language": language}, key="session_watch")
