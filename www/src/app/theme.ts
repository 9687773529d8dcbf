// The look of the components. Mantine's variables come from its style sheet and `base.css`, because the server's
// content security policy lets no style be made by script; so nothing here may need a variable of its own.

import { createTheme, Modal } from "@mantine/core";

export const theme = createTheme({
  primaryColor: "indigo",
  components: {
    // Locking the page's scrolling would make a style sheet by script.
    Modal: Modal.extend({ defaultProps: { lockScroll: false, centered: true } }),
  },
});
