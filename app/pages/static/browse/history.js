// @ts-check
import { ask } from "./service.js";

const LOOK_MS = 1000;
const PATIENCE = 90;

/** Wait until the service has learned from the sample viewers' visits, and say so. @param {HTMLElement} line */
export async function learned(line) {
  for (let looks = 0; looks < PATIENCE; looks++) {
    const told = await ask("browse/history").catch(() => null);
    if (told?.learned) {
      const [seen, opened] = [told.seen, told.opened].map((count) => count.toLocaleString("en"));
      line.textContent = `Before you came, ${told.viewers} sample viewers saw ${seen} pictures and opened ${opened} titles. The service learned their tastes from this alone, and the report counts them.`;
      return;
    }
    await new Promise((resolve) => window.setTimeout(resolve, LOOK_MS));
  }
}
