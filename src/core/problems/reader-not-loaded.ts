/** The hub could not load a reader that it loads on demand. The error says nothing about the message to be read. */
export class ReaderNotLoaded extends Error {}
