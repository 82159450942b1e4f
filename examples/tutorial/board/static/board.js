const { notices, room } = document.body.dataset;

function append(list, text) {
  const item = document.createElement("li");
  item.textContent = text;
  document.getElementById(list).append(item);
}

function onSubmit(form, handle) {
  document.getElementById(form).addEventListener("submit", (event) => {
    event.preventDefault();
    const input = event.target.elements.text;
    handle(input.value);
    input.value = "";
  });
}

fetch(notices)
  .then((response) => response.json())
  .then((all) => all.forEach((notice) => append("notices", notice.text)));

onSubmit("notice", async (text) => {
  const response = await fetch(notices, { method: "POST", body: JSON.stringify({ text }) });
  if (response.ok) append("notices", text);
});

const url = new URL(room, location);
url.protocol = location.protocol.replace("http", "ws");
const socket = new WebSocket(url);
socket.addEventListener("message", (event) => append("messages", event.data));
onSubmit("message", (text) => socket.send(text));
