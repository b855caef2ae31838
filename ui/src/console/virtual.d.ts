/** The Worker's script as text, which the build puts into the frame's. */
declare module "virtual:console-worker" {
  const script: string
  export default script
}
