const main = document.querySelector("#app");
if (main) main.textContent = "RoomKit";
