import { render } from 'preact'

render(<main>Regatta</main>, document.getElementById('app')!)
