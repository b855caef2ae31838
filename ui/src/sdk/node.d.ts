/** The one name of Node.js that the official types use: all that Porthole needs of its types. */
declare namespace NodeJS {
  interface ProcessEnv {
    [name: string]: string | undefined
  }
}
