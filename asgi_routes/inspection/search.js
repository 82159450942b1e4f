const input = document.querySelector("input");
const rows = [...document.querySelectorAll("#routes tbody tr")];
const count = document.querySelector("#count");
const search = () => {
  const words = input.value.toLowerCase().split(/\s+/);
  let shown = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
    shown += !row.hidden;
  }
  count.textContent = `${shown} of ${rows.length} routes`;
};
input.addEventListener("input", search);
search();
