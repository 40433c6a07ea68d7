// @ts-check
/** @typedef {import("./service.js").Picture} Picture */

/**
 * Show a picture in a frame: its placeholder at once, and itself when it is there. The frame keeps its size.
 * @param {HTMLElement} frame @param {Picture} image
 */
export function show(frame, image) {
  const picture = new Image(image.width, image.height);
  picture.className = "picture";
  picture.alt = image.alt;
  picture.sizes = frame.dataset.sizes ?? "100vw";
  picture.srcset = image.srcset;
  picture.src = image.url;
  const before = [...frame.children];
  const layers = [picture];
  if (!before.length) layers.unshift(placeholder(image));
  frame.append(...layers);
  const done = () => {
    picture.classList.add("shown");
    for (const each of before) each.setAttribute("alt", "");
    window.setTimeout(() => [...before, ...layers.slice(0, -1)].forEach((each) => each.remove()), 700);
  };
  picture.decode().then(done, () => {
    if (picture.isConnected) fail(frame, picture, image);
  });
}

/** @param {Picture} image */
function placeholder(image) {
  const blurred = new Image();
  blurred.className = "placeholder";
  blurred.alt = "";
  blurred.src = image.placeholder;
  return blurred;
}

/** Say in words what the picture would show. @param {HTMLElement} frame @param {HTMLElement} picture @param {Picture} image */
function fail(frame, picture, image) {
  picture.remove();
  const words = document.createElement("span");
  words.className = "missing";
  words.textContent = `This picture did not arrive. It shows: ${image.alt}`;
  frame.replaceChildren(words);
}
