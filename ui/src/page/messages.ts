/** What the page's client and the window say to each other before there is a port. */

/** The client is there; it waits for a port. */
export const HELLO = "porthole: a page is here"

/** The window's answer, which brings the port. */
export const PORT = "porthole: the port of the page"
