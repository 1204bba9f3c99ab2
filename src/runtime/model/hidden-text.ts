/** What stands for a secret in a declaration that is shown. */
export const hiddenText = "(hidden)";
