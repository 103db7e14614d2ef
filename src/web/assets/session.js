// Warns before a session ends for want of a request, and lets its owner stay.
const warning = document.getElementById("session-warning");
const WARN_MINUTES = 5;
let timers = [];

function arm(seconds) {
  timers.forEach(clearTimeout);
  const warnIn = Math.max(0, seconds - WARN_MINUTES * 60);
  timers = [setTimeout(warn, warnIn * 1000), setTimeout(ended, seconds * 1000)];
}

function warn() {
  if (!warning.open) warning.showModal();
}

function ended() {
  warning.querySelector("[data-before]").hidden = true;
  warning.querySelector("[data-after]").hidden = false;
  warning.setAttribute("aria-labelledby", "session-ended-title");
  warning.removeAttribute("aria-describedby");
  warn();
  warning.querySelector("[data-close]").focus();
}

warning.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = await fetch("/me/stay", { method: "POST", redirect: "manual" }).catch(() => null);
  if (answer && answer.status === 204) {
    warning.close();
    arm(Number(warning.dataset.seconds));
  } else {
    ended();
  }
});
warning.querySelector("[data-close]").addEventListener("click", () => warning.close());
// A register that is saved as it is filled in uses the session without a new page.
document.addEventListener("quorate:used", () => arm(Number(warning.dataset.seconds)));
arm(Number(warning.dataset.seconds));
