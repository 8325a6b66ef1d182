/** Code that is loaded when it is needed could not be. It says nothing of what was to be read by it. */
export class ReaderNotLoaded extends Error {}
