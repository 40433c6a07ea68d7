/** The types of `<keyart-artwork>` in JSX of React 19. */

import type { DetailedHTMLProps, HTMLAttributes } from 'react';
import type { ArtworkAttributes, KeyartArtwork, KeyartEvents } from './keyart.js';

export * from './keyart.js';

type Handlers = { [Name in keyof KeyartEvents as `on${Name}`]?: (event: KeyartEvents[Name]) => void };
type Html = DetailedHTMLProps<HTMLAttributes<KeyartArtwork>, KeyartArtwork>;

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'keyart-artwork': Omit<Html, keyof ArtworkAttributes> & ArtworkAttributes & Handlers;
    }
  }
}
