/** A chunk of its own, which is fetched when it is first drawn. */
export default function Later() {
  return <p id="later">loaded later</p>
}
