/** The types of `/keyart.js`. docs/clients.md describes the element. */

/** A picture. All addresses have the same format; they may be relative to the service. */
export interface Image {
  url: string;
  srcset: string;
  width: number;
  height: number;
  placeholder: string;
  alt: string;
  made: string;
  creator: string;
  licence: string;
}

/** The picture that was chosen for a title. If it is a fallback, it has no `decision_id`. */
export interface Choice {
  decision_id: string | null;
  title: string;
  artwork: string;
  image: Image;
  group: string | null;
  held: boolean;
  pinned: boolean;
  fallback: boolean;
  expires_at: string | null;
}

/** The attributes of the element. */
export interface ArtworkAttributes {
  'for-title': string;
  profile?: string;
  placement?: string;
  canvas?: '16:9' | '2:3' | '1:1';
  device?: string;
  country?: string;
  language?: string;
  timezone?: string;
  maturity?: number | string;
  width?: number | string;
  release?: string;
  page?: string;
  row?: string;
  column?: number | string;
  src?: string;
  gpc?: 'anonymous';
  alt?: string;
  sizes?: string;
  loading?: 'eager' | 'lazy';
}

/** Values of attributes that an element does not have. `patience` is in milliseconds. */
export type Defaults = Partial<Omit<ArtworkAttributes, 'for-title' | 'alt' | 'sizes' | 'loading'>> & { patience?: number };

export interface KeyartEvents {
  'keyart-choice': CustomEvent<Choice>;
  'keyart-default': CustomEvent<{ reason: string }>;
}

export class KeyartArtwork extends HTMLElement {
  static defaults: Defaults;
  /** The choice whose picture is shown, or null. */
  get choice(): Choice | null;
  /** Ask again, together with all elements that ask before the next frame. */
  refresh(): void;
  /** Report a click that the element does not see. */
  clicked(): void;
  /** Report for how many seconds the viewer has watched the title. */
  played(seconds: number): void;
}

declare global {
  interface HTMLElementTagNameMap {
    'keyart-artwork': KeyartArtwork;
  }
  interface HTMLElementEventMap extends KeyartEvents {}
  interface DocumentEventMap extends KeyartEvents {}
}
